"""What the app asks splunkd and the bridge, behind the REST addresses /services/compute_bridge/…: tokens and set-up."""
