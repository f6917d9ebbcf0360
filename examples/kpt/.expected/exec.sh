#!/bin/sh
# In the package's folder. kpt runs a function that is a program only when told.
kpt fn render --allow-exec
