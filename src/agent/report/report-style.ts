/** The style sheet of report.html. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --surface: #fff; --ink: #14140f; --ink-2: #55544e; --ink-3: #75746c;
  --grid: #e6e5df; --line: #dddcd5; --c1: #2a6fd1; --c2: #d9622b; --c3: #16885c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121211; --surface: #1b1b1a; --ink: #f3f2ee; --ink-2: #c0bfb6; --ink-3: #95948b;
    --grid: #2e2e2b; --line: #383834; --c1: #5b9cf3; --c2: #ee8a55; --c3: #3fb884;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
h3 { font-size: .9rem; margin: 1rem 0 .4rem; font-weight: 600; }
p { margin: 0 0 .75rem; color: var(--ink-2); max-width: 46rem; }
header p { margin: .4rem 0 1.5rem; }
dl.summary {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; margin: 0 0 1.5rem;
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px; overflow: hidden;
}
dl.summary div { outline: 1px solid var(--line); padding: .8rem 1rem; }
dt { color: var(--ink-2); font-size: .82rem; }
dd { margin: 0; font-size: 1.35rem; font-weight: 600; overflow-wrap: anywhere; }
section, .config {
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.25rem 1.25rem 1rem; margin-bottom: 1.25rem;
}
.note { font-size: .85rem; margin: .5rem 0; }
.none { color: var(--ink-3); font-style: italic; margin: .5rem 0; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .25rem 0 .5rem; padding: 0; font-size: .85rem; color: var(--ink-2); }
.legend li { display: flex; align-items: center; gap: .45rem; }
.swatch.line { width: 1.1rem; border-top: 2.5px solid var(--series); border-radius: 2px; }
.swatch.dots, .swatch.rings { width: .6rem; height: .6rem; border-radius: 50%; background: var(--series); }
.swatch.rings { background: none; border: 2.5px solid var(--series); }
.scale { display: inline-block; width: 7rem; height: .7rem; border-radius: 2px; background: linear-gradient(90deg, transparent, var(--c1)); border: 1px solid var(--line); }
.c1 { --series: var(--c1); } .c2 { --series: var(--c2); } .c3 { --series: var(--c3); } .ink { --series: var(--ink); }
.panels { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.panels > div { flex: 1 1 22rem; min-width: 0; }
.panels > div:has(.many) { flex-basis: 100%; }
.plot { display: grid; grid-template-columns: 3.2rem minmax(0, 1fr); margin: .75rem 0; font-size: .78rem; color: var(--ink-2); font-variant-numeric: tabular-nums; }
.plot .area, .plot .y, .plot .x { position: relative; }
.plot .y span { position: absolute; right: .6rem; transform: translateY(-50%); white-space: nowrap; }
.plot .x { grid-column: 2; height: 1.6rem; }
.plot .x span { position: absolute; top: .35rem; transform: translateX(-50%); white-space: nowrap; }
.plot .x span:last-child:not(:first-child)[style*="left:100%"] { transform: translateX(-100%); }
.plot .x-title { grid-column: 2; text-align: center; color: var(--ink-3); }
.plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
.plot svg path { fill: none; vector-effect: non-scaling-stroke; stroke-linecap: round; stroke-linejoin: round; }
.plot svg rect { fill: var(--series); }
.plot .cells rect { shape-rendering: crispEdges; }
.plot .grid { stroke: var(--grid); stroke-width: 1; }
.plot .line { stroke: var(--series); stroke-width: 2; }
.plot .halo-line { stroke: var(--surface); stroke-width: 4.5; }
.plot .halo { stroke: var(--surface); stroke-width: 13; }
.plot .dot { stroke: var(--series); stroke-width: 9; }
.plot .hole { stroke: var(--surface); stroke-width: 4; }
.plot path.marker { stroke: var(--ink-3); stroke-width: 1.25; stroke-dasharray: 4 4; stroke-linecap: butt; }
.plot .area span { position: absolute; white-space: nowrap; }
.plot .area span.marker { padding: 0 .4rem; transform: translateY(-105%); color: var(--ink-2); }
.plot .area span.marker.left { transform: translate(-100%, -105%); }
.plot .area span.on-top { transform: translate(-50%, -105%); color: var(--ink); }
.plot:has(span.marker) { margin-top: 1.9rem; }
.plot.columns { margin-top: 1.5rem; }
.plot.heat .area { background: linear-gradient(var(--grid), var(--grid)) bottom / 100% 1px no-repeat; }
details { font-size: .85rem; }
summary { cursor: pointer; color: var(--ink-2); padding: .3rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .4rem 0; }
th, td { text-align: right; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--ink-2); font-weight: 600; }
pre { margin: .5rem 0; padding: .8rem 1rem; background: var(--page); border-radius: 8px; overflow-x: auto; font: .8rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre.obs { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 16rem; overflow-y: auto; }
.thought { list-style: none; margin: .75rem 0; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
.thought li { border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem .8rem; font-size: .82rem; }
.thought li.last { border-color: var(--c1); }
.thought h3 { margin: 0 0 .4rem; display: flex; justify-content: space-between; }
.thought h3 span { font-weight: 400; color: var(--ink-2); }
.thought dl { display: grid; grid-template-columns: minmax(3rem, max-content) minmax(2rem, 1fr) 3.4rem; gap: .3rem .6rem; align-items: center; margin: 0; font-variant-numeric: tabular-nums; }
.thought dl.halt { padding-bottom: .5rem; margin-bottom: .5rem; border-bottom: 1px solid var(--grid); }
.thought dt { font-size: inherit; max-width: 8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.thought dd { display: contents; font-size: inherit; font-weight: 400; }
.thought dd b { font-weight: 400; text-align: right; white-space: nowrap; }
.thought .chosen { font-weight: 700; color: var(--ink); }
.bar { display: block; width: 100%; height: .55rem; border-radius: 2px; overflow: hidden; }
.bar rect { fill: var(--series); } .bar .track { fill: var(--grid); }
.config { padding: .6rem 1.25rem; }
.config summary { font-size: 1rem; font-weight: 600; color: var(--ink); }
@media (max-width: 40rem) {
  main { padding: 1.5rem .75rem 3rem; }
  section { padding: 1rem .9rem .75rem; }
  h1 { font-size: 1.5rem; }
  dl.summary { grid-template-columns: 1fr 1fr; }
  dd { font-size: 1.1rem; }
  .plot { grid-template-columns: 3rem minmax(0, 1fr); }
  .plot.many .on-top { display: none; }
  .plot.many .x span:nth-child(even) { display: none; }
}
@media print { section, .config { break-inside: avoid; } }
`;
