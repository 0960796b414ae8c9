"""Arrays in, payloads out: what the pictures of the page are made of. Knows neither torch nor Gradio."""
