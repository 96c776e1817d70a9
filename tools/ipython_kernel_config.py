# `make install` puts this into the environment: what TensorFlow's C++ side logs while it loads
# goes to the terminal that started the kernel, not into the reader's notebook.
c.IPKernelApp.capture_fd_output = False
