"""Software that nobody here wrote: it tells whether the fakes and the client keep to OpenAI."""
