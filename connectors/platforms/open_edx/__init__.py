"""Open edX with license-manager: a learner's license is the assignment of their address in a plan."""
