"""The queue of jobs: fair between servers and people, with estimated start times."""
