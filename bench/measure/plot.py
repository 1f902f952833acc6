"""Bars as an SVG, without a library."""

from xml.sax.saxutils import escape

COLOURS = {"insert": "#8fb3d9", "update": "#2f6db3", "read": "#9a9a9a"}
WIDTH, LABEL, BAR, GAP = 820, 215, 15, 10


def bars(title, groups):
    """groups: [(name, [(kind, rows a second)])]. Returns the text of the file."""
    longest = max(value for _, group in groups for _, value in group)
    scale = (WIDTH - LABEL - 90) / longest
    out, y = [], 62
    for name, group in groups:
        middle = y + len(group) * BAR / 2 + 4
        out.append(f'<text x="{LABEL - 8}" y="{middle:.0f}" text-anchor="end">{escape(name)}</text>')
        for kind, value in group:
            out.append(f'<rect x="{LABEL}" y="{y}" width="{value * scale:.0f}" height="{BAR - 2}" fill="{COLOURS[kind]}"/>')
            out.append(f'<text x="{LABEL + value * scale + 6:.0f}" y="{y + BAR - 4}" class="value">{value / 1000:,.0f} k</text>')
            y += BAR
        y += GAP
    kinds = [kind for kind in COLOURS if any(kind == one for _, group in groups for one, _ in group)]
    for number, kind in enumerate(kinds):
        x = LABEL + number * 90
        out.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{COLOURS[kind]}"/><text x="{x + 18}" y="46">{kind}</text>')
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 6}" font-family="sans-serif" font-size="12" fill="#222">',
        "<style>.value{fill:#555}</style>",
        f'<rect width="{WIDTH}" height="{y + 6}" fill="#ffffff"/>',
        f'<text x="{LABEL}" y="22" font-size="15">{escape(title)}</text>',
        *out,
        "</svg>",
        "",
    ])
