"""The rows of jobs, attempts and messages: every state is written before it is acted on."""
