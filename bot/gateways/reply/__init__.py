"""Read the reply: pictures, streams, tasks and errors in every shape that gateways send."""
