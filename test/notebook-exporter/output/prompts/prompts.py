# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: classic
def f(x):
    return x + 1

f(1)


# cell 2: ipython
x = 1

for i in range(x):
    print(i)



# cell 3: string
s = '''
not a prompt
'''
