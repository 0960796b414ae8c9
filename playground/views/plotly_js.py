"""Where the plotly.js lies that plotly.py brings: the page serves it, and a report holds it."""

from __future__ import annotations

from pathlib import Path

import plotly

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
