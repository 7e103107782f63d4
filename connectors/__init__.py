"""How to talk to each vendor. No connector imports another; the engine imports none of them."""
