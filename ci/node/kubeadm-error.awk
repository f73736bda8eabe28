# Prints what kubeadm ended with. It says that in a line which begins with "error", after warnings that may name errors and
# time-outs too; where it was ended by something else, its last line tells most.
/^error/ { cause = $0 }
NF && !/^To see the stack trace/ { last = $0 }
END { print cause != "" ? cause : last }
