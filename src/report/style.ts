/** How a report looks: light and dark, on every screen and on paper. Its digest is in the page's policy, so that nothing else can style the page. */

/** Colours of the groups: of areas in light, and in dark. Text on them has a contrast of 7 and more. */
const AREAS = [["#b3d1f2", "#24486f"], ["#f7cf9d", "#68430f"], ["#b4dfb0", "#265a2b"], ["#edbfcc", "#6d2d43"], ["#d2c8f3", "#463a7d"], ["#f0e09a", "#574c0e"], ["#abe0da", "#1a5853"], ["#dfcdb9", "#554132"]] as const;
const OTHER = ["#d9dde2", "#3f454c"] as const;

const areas = (which: 0 | 1): string => [...AREAS.map((colours, at) => `--c${String(at)}:${colours[which]}`), `--cx:${OTHER[which]}`].join(";");
const groups = [...AREAS.keys()].map((at) => `.c${String(at)}{--area:var(--c${String(at)})}`).join("");

/** The style of a page. */
export const STYLE = `
:root{--page:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--link:#0757ba;--good:#116329;--bad:#b3161f;--doubtful:#7d4e00;--mark:#0757ba;--box:#86b6ee;${areas(0)}}
@media screen and (prefers-color-scheme:dark){:root{--page:#0f1318;--text:#e6eaef;--soft:#9da7b3;--line:#343b44;--panel:#171c23;--link:#78b2ff;--good:#56d06e;--bad:#ff8079;--doubtful:#e3b341;--mark:#9cc7ff;--box:#3a6da8;${areas(1)}}}
*{box-sizing:border-box}
html{background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;scroll-behavior:auto}
body{margin:0 auto;max-width:1088px;padding:16px 24px 48px}
h1{font-size:1.7rem;line-height:1.2;margin:.4em 0 .1em;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 .6em;padding-top:.8em;border-top:1px solid var(--line)}
header p{margin:.2em 0 .8em}
section{margin-top:2.2em}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-9999px}
.skip:focus{position:static}
nav ul,.tiles,.legend{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.3em 1.1em}
nav a{display:inline-block;padding:.2em 0}
.badge{border:1px solid;border-radius:1em;padding:.05em .7em;font-size:.85em;margin-left:.4em;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.doubtful{color:var(--doubtful)}
.tiles{gap:.8em;margin-bottom:1.2em}
.tiles li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.6em .9em;flex:1 1 8em;color:var(--soft)}
.tiles b{display:block;font-size:1.35rem;line-height:1.3;color:var(--text);font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25em 1.2em;margin:0 0 1.2em}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
p code,dd code,li code,summary code{overflow-wrap:anywhere}
.command{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.6em .8em;margin:.4em 0 1em;overflow-x:auto}
figure{margin:0 0 1.4em}
figcaption,.note{color:var(--soft);font-size:.9rem;margin:0 0 .5em}
.scroll{overflow-x:auto;margin:0 0 .8em;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;min-width:100%}
caption{text-align:left;font-weight:600;padding:.2em 0 .4em}
caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 30px);overflow-wrap:anywhere}
th,td{text-align:left;vertical-align:top;padding:.3em .9em .3em 0;border-bottom:1px solid var(--line)}
th{font-weight:400}
thead th{color:var(--soft);white-space:nowrap;vertical-align:bottom}
th code,td code{overflow-wrap:anywhere}
tbody th{min-width:11em}td:last-child{min-width:6em}td:last-child:has(code){min-width:16em}
td.n:last-child{min-width:0}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.digest{white-space:nowrap}
tr:target{background:var(--c5)}
details{margin:0 0 1em}
summary{cursor:pointer;padding:.25em 0}
.problems{padding-left:1.2em}
.problems li{overflow-wrap:anywhere;margin-bottom:.4em}
.chart{display:block;font-size:12px;overflow:visible}
.chart svg{overflow:hidden}
.chart text{fill:var(--text)}
.treemap rect,.icicle rect,.kinds rect,.near rect,.swatch rect{fill:var(--area)}
.near line{stroke:var(--soft)}.near .missing rect{fill:none;stroke:var(--bad);stroke-width:3}.near .of{font-weight:600}
.bars rect{fill:var(--box)}
.treemap a{cursor:pointer}
.treemap a:focus-visible{outline:none}
.treemap a:focus-visible rect{stroke:var(--text);stroke-width:5}
.treemap .heading text{font-weight:600}
.treemap .heading rect{fill:none}
.icicle rect{stroke:var(--page);stroke-width:1}
.root,.cx{--area:var(--cx)}
${groups}
.tick line{stroke:var(--line)}
.chart .tick text{fill:var(--soft)}
.whisker{stroke:var(--soft);stroke-width:2}
.box{fill:var(--box)}
.mark{stroke:var(--mark);stroke-width:2}
.end{fill:var(--soft)}
.legend{font-size:.9rem;margin-top:.5em}
.swatch{vertical-align:-2px;margin-right:.4em;border-radius:3px}
.narrow{display:none}
footer{margin-top:3em;color:var(--soft);font-size:.9rem;border-top:1px solid var(--line)}
@media screen and (max-width:640px){body{padding:12px 14px 40px}.wide{display:none}.narrow{display:block}.spare{display:none}.tiles li{flex-basis:7em}.digest{white-space:normal;overflow-wrap:anywhere}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5em}h1{font-size:1.4rem}}
@media print{caption span{max-width:none}html{font-size:11px}body{max-width:none;padding:0}nav,.skip{display:none}.scroll{overflow:visible}details::details-content{content-visibility:visible;block-size:auto}.digest{white-space:normal;overflow-wrap:anywhere}section{break-before:auto}tr,figure{break-inside:avoid}.chart,.swatch{print-color-adjust:exact;-webkit-print-color-adjust:exact}a{color:inherit;text-decoration:none}}
`;
