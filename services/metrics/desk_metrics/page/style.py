"""How the page looks: light, dark, narrow, and on A4. Every colour has a name."""

# Text has a contrast of 4.5 or more on its paper, lines of plots 3 or more; tests hold this.
LIGHT = {
    "paper": "#ffffff",
    "ink": "#1a1a1a",
    "soft": "#4a4f57",
    "rule": "#d4d7db",
    "grid": "#e4e6e9",
    "better": "#1d6b2f",
    "worse": "#a8201a",
    "line-0": "#0b5394",
    "line-1": "#a14a00",
    "line-2": "#38761d",
}
DARK = {
    "paper": "#15181c",
    "ink": "#eceef0",
    "soft": "#b3b9c1",
    "rule": "#3e444c",
    "grid": "#2b3037",
    "better": "#86d08f",
    "worse": "#ff9d94",
    "line-0": "#7ab8f5",
    "line-1": "#f0a964",
    "line-2": "#8fcf7c",
}


def _named(colours: dict[str, str]) -> str:
    return "; ".join(f"--{name}: {colour}" for name, colour in colours.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_named(LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {_named(DARK)} }} }}
@page {{ size: A4; margin: 16mm 14mm 18mm;
  @bottom-left {{ content: "Experience report"; font: 8pt system-ui, sans-serif; color: #4a4f57 }}
  @bottom-right {{ content: counter(page) " / " counter(pages);
    font: 8pt system-ui, sans-serif; color: #4a4f57 }} }}
* {{ box-sizing: border-box }}
body {{ font: 11pt/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 190mm; margin: 8mm auto; padding: 0 4mm }}
h1 {{ font-size: 19pt; line-height: 1.2; margin: 0 0 2mm }} h1 span {{ display: inline-block }}
h2 {{ font-size: 13pt; margin: 9mm 0 2mm; break-after: avoid }}
header p {{ margin: 0 0 1mm }} header .of {{ font-size: 12pt }}
table {{ border-collapse: collapse; width: 100%; font-size: 9.5pt;
  font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: 1mm 2mm; border-bottom: 1px solid var(--rule);
  vertical-align: baseline }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0 }}
thead th {{ border-bottom: 2px solid var(--soft); vertical-align: bottom }}
tbody th {{ font-weight: 400; overflow-wrap: anywhere; min-width: 34mm }}
th:last-child, td:last-child {{ padding-right: 0 }}
.words th, .words td {{ text-align: left }}
thead {{ display: table-header-group }} tr, figure {{ break-inside: avoid }}
.scroll {{ overflow-x: auto;
  background: linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% local,
    linear-gradient(to left, var(--rule), transparent) right / 0.6rem 100%;
  background-repeat: no-repeat }}
.unknown, .note, .unit {{ color: var(--soft) }} .note {{ font-size: 9.5pt; margin: 1.5mm 0 }}
.better {{ color: var(--better) }} .worse {{ color: var(--worse) }}
figure {{ margin: 0 0 7mm }} figcaption {{ font-weight: 600; margin-bottom: 1.5mm }}
.unit {{ font-weight: 400 }}
svg {{ width: 100%; height: auto; display: block }} svg.narrow {{ display: none }}
svg text {{ font: 12px system-ui, sans-serif; fill: var(--soft) }}
svg line {{ stroke: var(--grid) }} svg line.zero {{ stroke: var(--soft) }}
svg polyline {{ fill: none; stroke-width: 2 }} .foot {{ stroke: var(--soft) }}
.band {{ fill: var(--line-0); stroke: var(--line-0); stroke-width: 3; stroke-linejoin: round;
  opacity: 0.2 }}
.line-0 {{ stroke: var(--line-0) }} .line-1 {{ stroke: var(--line-1) }}
.line-2 {{ stroke: var(--line-2) }} .mark-0 {{ fill: var(--line-0) }}
.mark-1 {{ fill: var(--line-1) }} .mark-2 {{ fill: var(--line-2) }}
summary {{ cursor: pointer; font-size: 9.5pt; color: var(--soft) }}
@media screen and (max-width: 560px) {{
  body {{ margin: 4mm auto }} svg.wide {{ display: none }} svg.narrow {{ display: block }}
  h1 {{ font-size: 16pt }} th, td {{ padding: 1.2mm }}
  tbody th {{ min-width: 24mm; position: sticky; left: 0; background: var(--paper) }} }}
@media print {{ body {{ margin: 0; max-width: none; padding: 0 }} summary {{ display: none }}
  details:not([open]) {{ display: none }} .scroll {{ overflow: visible; break-inside: avoid;
  background: none }}
  h2 {{ margin-top: 7mm }} h2 + .note {{ break-after: avoid }} figure {{ margin-bottom: 5mm }} }}
"""
