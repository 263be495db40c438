"""What Jupyter shows of what a terminal shows."""

import io

from rich.console import Console, RenderableType

_HTML = "<pre style='line-height:1.2'>{code}</pre>"


def mimebundle(view: RenderableType) -> dict[str, str]:
    """``text/plain`` and ``text/html`` of a view, 80 columns wide, as IPython asks for them."""
    console = Console(record=True, width=80, file=io.StringIO(), force_jupyter=False)
    console.print(view)
    html = console.export_html(inline_styles=True, code_format=_HTML, clear=False)
    return {"text/plain": console.export_text(), "text/html": html}
