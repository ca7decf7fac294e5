#!/bin/sh
# user TAB cents: sum of amount_cents per user_id, by awk on the raw JSON text.
cat ../data/purchases/*/*.gz | gzip -dc |
  awk -F'"' '{ amount = $15; gsub(/[:,]/, "", amount); cents[$8] += amount } END { for (user in cents) printf "%s\t%d\n", user, cents[user] }'
