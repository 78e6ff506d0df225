"""Tasks as Midjourney's proxies have them: four pictures in one, and buttons to go on."""
