"""While it trains: a monitor that takes points as they come, thin callbacks for frameworks, and a watched directory."""
