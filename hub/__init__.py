"""The control plane: enrolment, routing, fleet, rollouts, people and the hub's pages."""
