"""Pictures: Vega-Lite specifications, and how their parts look."""
