"""The JavaScript and style sheets of the widgets: plain files, put together here instead of by a bundler."""

from pathlib import Path

from flowlab._src.lab.theme import DARK, LIGHT, Theme

STATIC = Path(__file__).parents[1] / "static"
DARK_PAGES = ('[data-jp-theme-light="false"]', "body.vscode-dark", "body.vscode-high-contrast", "html.theme-dark")


def script(*names: str) -> str:
    """Files of `static/` as one module: what the first ones define, the later ones use; the last exports `render`."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


def style(*names: str) -> str:
    """Style sheets of `static/` as one, with the colours of both themes in front."""
    return "\n".join([theme_style(), *((STATIC / name).read_text(encoding="utf-8") for name in names)])


def theme_style() -> str:
    """The colours as CSS variables, and rules that turn a light picture dark on a dark page.

    Pictures carry the colours of their theme as attributes, which style rules overrule. They apply only to pictures in
    `.flow-follow`, whose theme nobody has chosen.
    """
    dark = ", ".join(f"{page} .flow-lab" for page in DARK_PAGES)
    rules = [f".flow-lab {{ {variables(LIGHT)} }}", f"{dark} {{ {variables(DARK)} }}"]
    for selector, settings in dark_rules(DARK):
        parts = selector.split(", ")
        places = ", ".join(f"{page} .flow-follow {part}" for page in DARK_PAGES for part in parts)
        rules.append(f"{places} {{ {settings} }}")
    return "\n".join(rules)


def variables(theme: Theme) -> str:
    accent = theme.curves[0]
    pairs = {
        "text": theme.text,
        "faint": theme.faint,
        "line": theme.line,
        "border": theme.border,
        "paper": theme.background,
        "panel": theme.panel,
        "accent": accent,
        "warn": theme.curves[1],
        "good": theme.curves[2],
    }
    return " ".join(f"--flow-{name}: {color};" for name, color in pairs.items())


def dark_rules(theme: Theme) -> list[tuple[str, str]]:
    """Selector inside a picture, and what it looks like on a dark page."""
    rules = [
        (".flow-paper", f"fill: {theme.background};"),
        (".flow-panel path", f"fill: {theme.panel};"),
        ("path.flow-plate", f"fill: {theme.background};"),
        (".flow-text", f"fill: {theme.text};"),
        (
            ".flow-detail, .flow-panel .flow-text, .flow-words .flow-text, .flow-legend .flow-text",
            f"fill: {theme.faint};",
        ),
        ("path.flow-shape, path.flow-inner, path.flow-badge", f"stroke: {theme.border};"),
        ("path.flow-line", f"stroke: {theme.line};"),
        ("path.flow-tip", f"fill: {theme.line};"),
        ("path.flow-badge", f"fill: {theme.fills['state']};"),
    ]
    rules += [(f".flow-{kind} > path.flow-shape", f"fill: {color};") for kind, color in theme.fills.items()]
    rules += [(f".flow-hue{k} > path.flow-shape", f"fill: {color};") for k, color in enumerate(theme.hues)]
    rules += [
        ("path.flow-behind", f"fill: {theme.background}; stroke: {theme.border};"),
        (".flow-dim > path.flow-shape", f"fill: none; stroke: {theme.line};"),
        (".flow-dim > .flow-text, .flow-dim > .flow-detail", f"fill: {theme.line};"),
        (".flow-lit > path.flow-line", f"stroke: {theme.text};"),
        (".flow-lit > path.flow-tip", f"fill: {theme.text};"),
        ("path.flow-column", f"fill: {theme.curves[0]};"),
        ("path.flow-measure", f"fill: {theme.curves[1]};"),
    ]
    return rules
