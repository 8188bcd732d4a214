"""Draws the rooms of the source tree for scripts/structure.py: one band per crate, arrows between its rooms.

Arrows between crates would cover the picture. Instead, the title of each band has their number.
"""
from html import escape

WIDTH, HEIGHT, GAP, ROW, PAD, HEAD = 112, 40, 20, 84, 20, 26
PER_ROW = 9
# Crates from top to bottom; each uses those below it.
ORDER = ["program", "lua", "study", "core"]

STYLE = """
  .page { fill: #ffffff; } .band { fill: #f3f4f6; stroke: #d0d4da; } .box { fill: #ffffff; stroke: #57606a; }
  .crate { font: 600 15px sans-serif; fill: #24292f; } .room { font: 13px sans-serif; fill: #24292f; }
  .lines { font: 11px sans-serif; fill: #57606a; } .arrow { fill: none; stroke: #6e7781; stroke-opacity: .7; }
  .circle { stroke: #cf222e; stroke-opacity: 1; stroke-width: 1.6; } .tip { fill: #6e7781; } .red { fill: #cf222e; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } .band { fill: #161b22; stroke: #30363d; } .box { fill: #21262d; stroke: #8b949e; }
    .crate, .room { fill: #e6edf3; } .lines { fill: #9da7b3; } .arrow { stroke: #8b949e; } .tip { fill: #8b949e; }
    .circle { stroke: #ff7b72; } .red { fill: #ff7b72; }
  }
"""


def reachable(arrows, start, leave):
    """The rooms that can be reached from a room without its arrow to `leave`."""
    found, stack = set(), [o for o in arrows[start] if o != leave]
    while stack:
        room = stack.pop()
        if room not in found:
            found.add(room)
            stack += arrows[room]
    return found


def kept(arrows, circle_of):
    """The transitive reduction of the arrows; arrows inside a circle are all kept."""
    for room, others in arrows.items():
        for other in sorted(others):
            same = circle_of.get(room) is not None and circle_of.get(room) == circle_of.get(other)
            if same or other not in reachable(arrows, room, other):
                yield room, other, same


def depths(rooms, arrows, circle_of):
    """The length of the longest path of arrows from each room; a circle counts as one room."""
    of = lambda room: circle_of.get(room, room)
    below = {}
    for room in rooms:
        below.setdefault(of(room), set()).update(of(o) for o in arrows[room] if o in rooms)
    known = {}

    def depth(place):
        if place not in known:
            known[place] = 1 + max((depth(o) for o in below[place] if o != place), default=-1)
        return known[place]

    return {room: depth(of(room)) for room in rooms}


def rows_of(rooms, arrows, circle_of):
    """The rooms of a crate in rows of at most PER_ROW; a room is above those that it uses."""
    depth = depths(rooms, arrows, circle_of)
    rows = []
    for level in sorted(set(depth.values()), reverse=True):
        row = sorted(room for room in rooms if depth[room] == level)
        count = -(-len(row) // PER_ROW)
        size = -(-len(row) // count)
        rows += [row[i : i + size] for i in range(0, len(row), size)]
    return rows


def place(rows, arrows, middle):
    """The centre of each box. A row is sorted by the mean position of the users of its rooms, then by name."""
    users = {}
    for room, others in arrows.items():
        for other in others:
            users.setdefault(other, []).append(room)
    spots = {}
    for y, row in rows:
        def wanted(room):
            above = [spots[u][0] for u in users.get(room, ()) if u in spots and spots[u][1] < y]
            return (sum(above) / len(above) if above else middle, room)
        left = middle - (len(row) * (WIDTH + GAP) - GAP) / 2
        for i, room in enumerate(sorted(row, key=wanted)):
            spots[room] = (left + i * (WIDTH + GAP) + WIDTH / 2, y)
    return spots


def curve(a, b, same):
    (x1, y1), (x2, y2) = a, b
    if y1 == y2:
        side = 1 if x2 > x1 else -1
        start, end = x1 + side * WIDTH / 2, x2 - side * (WIDTH / 2 + 6)
        top = y1 - (0 if abs(x2 - x1) < 1.5 * WIDTH else 40)
        points = [(start, y1), (start + side * 20, top), (end - side * 20, top), (end, y2)]
    else:
        down = 1 if y2 > y1 else -1
        start, end = y1 + down * HEIGHT / 2, y2 - down * (HEIGHT / 2 + 6)
        half = down * abs(end - start) / 2
        points = [(x1, start), (x1, start + half), (x2, end - half), (x2, end)]
    first, *rest = [f"{x:.0f} {y:.0f}" for x, y in points]
    path = f"M{first}C{' '.join(rest)}"
    kind, tip = ("arrow circle", "redtip") if same else ("arrow", "tip")
    return f'<path class="{kind}" d="{path}" marker-end="url(#{tip})"/>'


def uses(project, label):
    """The number of arrows from the rooms of a crate to each other crate."""
    counts = {}
    for (crate, _), others in project.room_arrows.items():
        for other, _ in others:
            if crate == label != other:
                counts[other] = counts.get(other, 0) + 1
    return ", ".join(f"{counts[o]} arrows to {o}" for o in ORDER if o in counts)


def picture(project, circles):
    arrows = {room: {o for o in others if o[0] == room[0]} for room, others in project.room_arrows.items()}
    circle_of = {room: f"circle {i}" for i, circle in enumerate(circles) for room in circle}
    labels = sorted((c.label for c in project.crates), key=lambda l: (ORDER.index(l) if l in ORDER else -1, l))
    bands, rows, y = [], [], PAD
    for label in labels:
        own = [room for room in project.rooms if room[0] == label]
        start, y = y, y + HEAD + PAD + HEIGHT / 2
        for row in rows_of(own, arrows, circle_of):
            rows.append((y, row))
            y += ROW
        y += PAD - (ROW - HEIGHT / 2)
        bands.append((label, start, y - start))
        y += PAD
    width = max(len(row) for _, row in rows) * (WIDTH + GAP) - GAP + 4 * PAD
    spots = place(rows, arrows, width / 2)
    tips = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path class="{kind}" d="M0 0L8 4L0 8z"/></marker>'
        for name, kind in (("tip", "tip"), ("redtip", "red"))
    )
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y:.0f}" role="img">',
        "<title>Rooms of the source tree and who uses whom</title>",
        f"<style>{STYLE}</style><defs>{tips}</defs>",
        f'<rect class="page" width="{width:.0f}" height="{y:.0f}"/>',
    ]
    lines = {}
    for f in project.files:
        room = (f.crate.label, f.room)
        lines[room] = lines.get(room, 0) + f.lines - f.test_lines
    for label, top, height in bands:
        own = sum(f.lines - f.test_lines for f in project.files if f.crate.label == label)
        size = f'width="{width - 2 * PAD:.0f}" height="{height:.0f}"'
        out.append(f'<rect class="band" x="{PAD}" y="{top:.0f}" {size} rx="8"/>')
        title = f'{escape(label)} <tspan class="lines">{own:,} lines</tspan>'
        left, right, line = PAD + 12, f"{width - PAD - 12:.0f}", f"{top + 22:.0f}"
        out.append(f'<text class="crate" x="{left}" y="{line}">{title}</text>')
        out.append(f'<text class="lines" x="{right}" y="{line}" text-anchor="end">{uses(project, label)}</text>')
    drawn = kept(arrows, circle_of)
    out += [curve(spots[a], spots[b], same) for a, b, same in drawn]
    middle = f"{width / 2:.0f}"
    for (_, top, height), _ in zip(bands, bands[1:]):
        tip = top + height + PAD
        out.append(f'<path class="tip" d="M{middle} {tip:.0f}l-14 -{PAD - 4}h28z"/>')
    for room, (x, middle) in sorted(spots.items()):
        left, top = x - WIDTH / 2, middle - HEIGHT / 2
        out.append(f'<rect class="box" x="{left:.0f}" y="{top:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>')
        out.append(f'<text class="room" x="{x:.0f}" y="{middle - 2:.0f}" text-anchor="middle">{escape(room[1])}</text>')
        out.append(f'<text class="lines" x="{x:.0f}" y="{middle + 13:.0f}" text-anchor="middle">{lines[room]:,}</text>')
    return "\n".join(out) + "\n</svg>\n"
