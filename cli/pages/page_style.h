// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_PAGE_STYLE_H_
#define DEVSTATE_CLI_PAGES_PAGE_STYLE_H_

namespace devstate {

// The CSS of every page. Each pair of colours has a contrast of 7 to 1 at
// least, in both themes.
inline constexpr char kPageStyle[] = R"css(
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24;
  --quiet: #4a525c; --line: #c9ced6; --panel: #f4f6f8; --link: #0b4a8f;
  --tile: 82%;
  --identical: #d3efd8; --identical-text: #06381a;
  --compatible: #dff3e3; --compatible-text: #06381a;
  --defaulted: #e9f3cf; --defaulted-text: #2c3a00;
  --converted: #dcebfb; --converted-text: #0c3560;
  --lossy: #fff0c2; --lossy-text: #4d3900;
  --conditional: #ffe0bd; --conditional-text: #552c00;
  --refused: #fbd0d0; --refused-text: #640808;
  --damaged: #5a0a0a; --damaged-text: #fff; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b;
  --text: #e8ebee; --quiet: #b4bcc6; --line: #3d4550; --panel: #1e2329;
  --link: #9ccbff; --tile: 20%;
  --identical: #0e3b1d; --identical-text: #c9f2d3;
  --compatible: #14331e; --compatible-text: #c9f2d3;
  --defaulted: #2c3908; --defaulted-text: #e4f3b8;
  --converted: #123357; --converted-text: #d3e7fd;
  --lossy: #473500; --lossy-text: #ffeeb8;
  --conditional: #512b05; --conditional-text: #ffdfbb;
  --refused: #5c1212; --refused-text: #ffdada;
  --damaged: #ffd6d6; --damaged-text: #4a0000; } }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 3rem;
  background: var(--page); color: var(--text); line-height: 1.45;
  font-family: system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 1rem 0 0.25rem; }
p { margin: 0.35rem 0; }
a { color: var(--link); }
code { font-family: ui-monospace, monospace; font-size: 0.92em; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.5rem;
  text-align: left; vertical-align: top; font-weight: normal; }
thead th { background: var(--panel); }
th[scope=row] { background: var(--panel); position: sticky; left: 0; }
.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.name { overflow-wrap: anywhere; min-width: 7rem; }
.matrix { overflow-wrap: normal; }
.matrix th, .matrix td { white-space: nowrap; }
.matrix td { padding: 0; }
.matrix td > * { display: block; padding: 0.25rem 0.5rem; color: inherit;
  text-decoration: none; }
.matrix td > a { text-decoration: underline dotted; }
.matrix.compact td { text-align: center; }
.matrix.compact td > * { padding: 0.1rem 0.2rem; min-width: 0.9rem; }
.matrix.compact td > a { text-decoration: none; }
.matrix.compact thead th + th { writing-mode: vertical-rl;
  padding: 0.3rem 0.1rem; }
.badge { display: inline-block; border-radius: 0.25rem; padding: 0 0.4rem;
  white-space: nowrap; }
.mark { font-weight: bold; }
.identical { background: var(--identical); color: var(--identical-text); }
.compatible { background: var(--compatible); color: var(--compatible-text); }
.defaulted { background: var(--defaulted); color: var(--defaulted-text); }
.converted { background: var(--converted); color: var(--converted-text); }
.lossy { background: var(--lossy); color: var(--lossy-text); }
.conditional { background: var(--conditional); color: var(--conditional-text); }
.refused { background: var(--refused); color: var(--refused-text); }
.damaged { background: var(--damaged); color: var(--damaged-text); }
.findings { list-style: none; margin: 0.5rem 0; padding: 0; }
.findings > li { border: 1px solid var(--line); border-radius: 0.3rem;
  margin: 0.4rem 0; padding: 0.4rem 0.6rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0.5rem 0;
  padding: 0; list-style: none; }
details { margin: 0.3rem 0; }
summary { cursor: pointer; padding: 0.2rem 0; }
details > div { margin: 0 0 0.5rem 1rem; }
details > div:target { outline: 2px solid var(--link); outline-offset: 4px; }
.treemap { position: relative; height: 32rem; margin: 1rem 0;
  border: 1px solid var(--line); }
.treemap > div { position: absolute; overflow: hidden; box-sizing: border-box;
  border: 1px solid var(--page); padding: 0.1rem 0.3rem; font-size: 0.8rem;
  line-height: 1.2; background: hsl(var(--hue), 45%, var(--tile)); }
.treemap > div:empty { padding: 0; }
@media (max-width: 40rem) { .treemap { height: 24rem; }
  body { padding: 0.5rem 0.6rem 2rem; } }
@media print { body { max-width: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .wide { overflow: visible; }
  .matrix.compact { font-size: 0.6rem; }
  .findings > li, tr { break-inside: avoid; }
  .many { display: none; }
  details::details-content { content-visibility: visible; display: block; } }
)css";

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_PAGE_STYLE_H_
