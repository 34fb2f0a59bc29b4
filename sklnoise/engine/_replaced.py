"""A method of one object that is replaced for a while."""


class Replaced:
    """Takes the place of a method; pickled and copied, it is that method again.

    So what a callback saves in the middle of a training is an ordinary net.

    Parameters
    ----------
    owner : object
        Whose method it is.

    name : str
        Name of the method.

    function : callable
        Called in its place.
    """

    def __init__(self, owner, name, function):
        self.owner, self.name, self.function = owner, name, function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __reduce__(self):
        return method, (self.owner, self.name)


def method(owner, name):
    """Return a method as the class of its owner has it.

    Parameters
    ----------
    owner : object
        Of any class.

    name : str
        Name of the method.

    Returns
    -------
    method : callable
        Bound to the owner.
    """
    return getattr(type(owner), name).__get__(owner)
