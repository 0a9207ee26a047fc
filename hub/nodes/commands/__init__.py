"""Commands that are accepted now and carried out when their device is there, each as often as it may be."""
