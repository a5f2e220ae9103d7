"""What pytest sees; no other room knows pytest."""
