"""PURE decisions. No clock, no I/O, no third party: the same facts always give the same plan.

scope ──> mapping ──> matching ──> diff ──> leavers ──> seats ──> guard
who?      as what?    which one?   what?    who left?   who sits? is it sane?
"""
