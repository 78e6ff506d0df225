"""Jobs, attempts and posted messages: every state is written before it is acted on."""
