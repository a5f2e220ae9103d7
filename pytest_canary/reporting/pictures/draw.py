"""Draws pictures: Vega-Lite specifications on standard input, SVGs on standard output, as JSON.

A program of its own: what draws them is a JavaScript engine, which takes 80 MB and keeps them.
"""

import json
import sys


def main() -> None:
    """Draw every picture; nothing is fetched, as the data are in the specifications."""
    import vl_convert

    # The engine starts with the first picture, which takes longer than all the others: so before
    # anybody has asked for one.
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"}, allowed_base_urls=[])
    specs = json.load(sys.stdin)
    json.dump(
        [vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]) for spec in specs], sys.stdout
    )


if __name__ == "__main__":
    main()
