# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
get_ipython().run_cell_magic('bash', '', 'echo \'hello\' "world"\nls -l\n')


# cell 2: n
get_ipython().run_cell_magic('time', '-n 3', 'x = 1\ny = "{{ x }}"\n')


# cell 3: o
get_ipython().run_cell_magic('html', '', '<b>&amp;</b>\n')


# cell 4: p
x = 1
get_ipython().run_line_magic('%bash', '')
ls
