"""The report's pictures, drawn as Vega-Lite and written as SVG."""
