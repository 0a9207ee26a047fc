"""Identity and enrolment of a device: who it is, and how it becomes somebody's."""
