"""The problem explorer: each problem's candidates, step scores and search trees."""
