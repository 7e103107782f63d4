"""Telemetry: what syncd tells machines of its work. It counts and names nobody.

families      the numbers Prometheus reads, whoever serves them
calls         how long directories took to answer, and how often they asked for patience
textfile      the same numbers as a file, for sites whose syncs come and go
traces        one run as one trace, for OpenTelemetry; collector: where they go
"""
