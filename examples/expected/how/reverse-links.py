#!/usr/bin/env python3
"""page TAB number of pages that link to it TAB these, comma separated, sorted. Needs zstd."""
import glob, html.parser, json, posixpath, re, subprocess

pages = {}
for path in sorted(glob.glob("../data/links/*.zst")):
    for line in subprocess.run(["zstd", "-dc", path], check=True, stdout=subprocess.PIPE).stdout.splitlines():
        page = json.loads(line)
        pages[page["url"]] = page["html"]


class Links(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


sources = {}
for url, text in pages.items():
    links = Links()
    links.found = []
    links.feed(text)
    for href in links.found:
        href = re.split("[#?]", href)[0]
        if not href or href.startswith("/") or re.match("[A-Za-z][A-Za-z0-9+.-]*:", href):
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(url), href))
        if target in pages:
            sources.setdefault(target, set()).add(url)
for target, linking in sources.items():
    print(target, len(linking), ",".join(sorted(linking)), sep="\t")
