"""The look of the page as a theme of Gradio's: ink on paper, thin lines, no shadows, and the type of `ui/type.css` for what Gradio draws, too."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils.colors import Color
from gradio.themes.utils.sizes import Size

INK = Color(
    "#f2f5fb",
    "#e1e8f5",
    "#c5d2ec",
    "#9fb4e0",
    "#7d97d3",
    "#4f6cb8",
    "#38549d",
    "#2d447f",
    "#263967",
    "#1f2f55",
    "#141d36",
    name="ink",
)
"""The one accent: what can be pressed, what is chosen."""
SMALL, BODY = "var(--type-small)", "var(--type-body)"
TYPE = Size(SMALL, SMALL, SMALL, BODY, BODY, "var(--type-head)", "var(--type-large)", name="type")
SPACES = Size("1px", "2px", "4px", "8px", "12px", "16px", "20px", name="spaces")
CORNERS = Size("1px", "2px", "3px", "4px", "6px", "8px", "12px", name="corners")
STRONG = "var(--strong)"


def look() -> gr.themes.Base:
    """The theme, light and dark."""
    theme = gr.themes.Base(
        primary_hue=INK,
        neutral_hue="zinc",
        spacing_size=SPACES,
        radius_size=CORNERS,
        text_size=TYPE,
        font=("Inter", "system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )
    return theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="#5f5f6b",
        body_text_color_subdued_dark="#b0b0ba",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_shadow="none",
        layout_gap="*spacing_md",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_color="#8a8a94",
        input_border_color_dark="#74747e",
        color_accent="*primary_600",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_300",
        block_title_text_weight="var(--regular)",
        block_label_text_weight="var(--regular)",
        prose_header_text_weight=STRONG,
        button_large_text_weight=STRONG,
        button_small_text_weight=STRONG,
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_500",
        button_primary_text_color="white",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_text_color="*neutral_900",
        button_secondary_text_color_dark="*neutral_100",
        shadow_drop="none",
        shadow_drop_lg="none",
    )
