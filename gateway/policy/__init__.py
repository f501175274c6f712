"""What the city's plans make of what is reported; pure, every time is handed in."""
