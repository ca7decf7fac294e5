#!/bin/sh
# Computes every expected answer again, with tools that share no code with Shoal: awk, sort, tr, grep, Python, jq.
# usage: all.sh [TARGET]; without TARGET the answers beside this folder are replaced.
set -eu
cd "$(dirname "$0")/.."
target=${1:-.}
export LC_ALL=C PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
for how in how/*.sh how/*.py; do
  name=$(basename "${how%.*}")
  case $name in
  all | make-data | retail_rows) continue ;;
  esac
  case $how in
  *.py) python3 "$how" ;;
  *) sh "$how" ;;
  esac >"$target/$name.out"
  case $name in
  sort-lines | grep) mv "$target/$name.out" "$target/$name.tsv" ;;
  *) sort "$target/$name.out" >"$target/$name.tsv" && rm "$target/$name.out" ;;
  esac
done
