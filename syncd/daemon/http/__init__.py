"""What the daemon answers over HTTP: health, metrics, an API and a console for whoever has a token.

/livez /readyz     whether to restart it, whether to ask it            (anybody)
/metrics           numbers for Prometheus                              (metrics)
/api/v1/…          runs, approvals, licenses, learners                 (viewer, operator)
/console           the same as pages (syncd/daemon/console/)           (viewer, operator, signed in)
"""
