"""What supports the lessons of Attention by Experiment and is not the lesson.

data          tasks whose right attention is known in advance
dates         dates as people write them, and in ISO 8601
text          characters as integers, and back
activations   what each layer of a Keras model puts out, and attention weights of Keras's own layers
training      one model, compiled once, trained again and again
workers       a cluster on one machine: worker processes that are gone when it ends
plots         figures that say in words what they show
live          sliders over a function that returns a figure
exercises     checks of answers that say what is wrong
"""
