"""A method of one object that is replaced for a while."""


class Replaced:
    """Takes the place of a method; pickled and copied, it is that method again."""

    def __init__(self, owner, name, function):
        self.owner, self.name, self.function = owner, name, function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __reduce__(self):
        return method, (self.owner, self.name)


def method(owner, name):
    """Return a method as the class of its owner has it."""
    return getattr(type(owner), name).__get__(owner)
