"""The system under test: a small, real sandbox runner. Nothing in it knows that it is being measured."""
