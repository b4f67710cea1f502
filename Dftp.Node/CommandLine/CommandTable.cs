using Dftp.Cluster;
using Dftp.FileSystem;
using Dftp.Node.Commands;
using Dftp.Node.Commands.Doctor;

namespace Dftp.Node.CommandLine;

/// <summary>The commands, in the order of the help.</summary>
internal static class CommandTable
{
    public static readonly OptionDefinition<HostPort> Node = new("node", ValueParsers.NodeAddress)
    {
        Placeholder = "HOST:PORT",
        Summary = "The management address of the node to talk to.",
        Example = "nas.home:7041",
        Default = CommandRequest.DefaultNode,
    };

    public static readonly OptionDefinition<bool> Json = new("json", ValueParsers.Switch)
    {
        Placeholder = "",
        Summary = "Print the node's response as JSON.",
        Example = "true",
        IsSwitch = true,
    };

    /// <summary>How a command reaches a node that only answers its cluster: the node's own options.</summary>
    private static readonly OptionDefinition[] Access = [
        NodeOptionTable.SecretFile, NodeOptionTable.ClusterTls, NodeOptionTable.ClusterName, NodeOptionTable.Config,
    ];

    public static IReadOnlyList<CommandDefinition> All { get; } =
    [
        new("status", StatusCommand.RunAsync)
        {
            Summary = "show the state of a node and its cluster",
            Help = "dftp status shows the state of a node: its tree, the other nodes, its last scan, discovery.",
            Examples = """
                dftp status                                 the node of this machine
                dftp status --node nas.home:7041 --json     another one, as JSON for a program
                """,
            Options = [Node, Json, .. Access],
        },
        new("nodes", NodesCommand.RunAsync)
        {
            Summary = "list the nodes of the cluster, also missing ones",
            Help = """
                dftp nodes lists the nodes that a node knows, one a line, with their state and when they were last seen. LAG counts changes
                of a node that have not arrived yet.
                """,
            Examples = """
                dftp nodes                                  the nodes that the node of this machine knows
                """,
            Options = [Node, Json, .. Access],
        },
        new("join", JoinCommand.RunAsync)
        {
            Summary = "make a node join another node's cluster",
            Help = """
                dftp join makes a node join the cluster of another one. Use it where multicast does not reach.
                HOST:PORT is the other node's management address, as the joining node can reach it.
                """,
            Examples = """
                dftp join nas.home:7041                     the node of this machine joins that of nas.home
                """,
            Operand = new("HOST:PORT", "nas.home:7041", text => ValueParsers.NodeAddress(text)),
            Options = [Node, Json, .. Access],
        },
        new("forget", ForgetCommand.RunAsync)
        {
            Summary = "remove a node that is gone for good from the list",
            Help = """
                dftp forget removes a node that is dead or left from the list of known nodes, so that listings no longer name it as missing.
                Each node has its own list. A forgotten node that comes back is a member again.
                """,
            Examples = """
                dftp forget old-nas                         the node of this machine forgets old-nas
                """,
            Operand = new("NAME", "old-nas", CheckNodeName),
            Options = [Node, .. Access],
        },
        new("find", FindCommand.RunAsync)
        {
            Summary = "print the paths of files by their name",
            Help = """
                dftp find prints the paths of the cluster's files whose name matches, one a line. Case does not matter. In a pattern
                * matches any characters and ? matches one; a pattern without either matches names that contain it.
                A pattern with a slash is compared with the whole path, where * matches slashes too.
                The exit code is 1 if nothing is found.
                """,
            Examples = """
                dftp find invoice                           every file with "invoice" in its name
                dftp find '*.jpg'                           pictures
                dftp find '/photos/2024/*.jpg'              pictures under /photos/2024
                """,
            Operand = new("PATTERN", "'*.jpg'", CheckPattern),
            Options = [Node, .. Access],
        },
        new("doctor", DoctorCommand.RunAsync)
        {
            Summary = "find out why two nodes do not see each other",
            Help = """
                dftp doctor finds out why nodes do not see each other. It checks a node, the network interfaces of this machine,
                every node that the node knows or misses, and the named one. Each line begins with "ok" or "problem".
                The exit code is 1 if there is a problem.
                """,
            Examples = """
                dftp doctor                                 check the node of this machine and those that it knows
                dftp doctor nas.home:7041                   also check why that of nas.home is not among them
                """,
            Operand = new("HOST:PORT", "nas.home:7041", text => ValueParsers.NodeAddress(text)) { IsOptional = true },
            Options = [Node, .. Access],
        },
        new("secret", SecretCommand.RunAsync)
        {
            Summary = "print a new key for the cluster's secret file",
            Help = """
                dftp secret new prints a new random key, on one line. Append it to the file of --cluster-secret-file of every node; the
                file may be accessible to its owner only. A key that is first in the file signs, and all verify. So a key is replaced
                without a stop: add the new one as the second everywhere, then make it the first everywhere, then remove the old one.
                """,
            Examples = """
                dftp secret new                             print a key
                """,
            Operand = new("new", "new", CheckNew),
            Options = [],
        },
    ];

    /// <summary>The options of all commands, without duplicates.</summary>
    public static IReadOnlyList<OptionDefinition> Options { get; } = [.. All.SelectMany(command => command.Options).Distinct()];

    private static void CheckNodeName(string text)
    {
        if (!NodeName.TryParse(text, out _)) throw new FormatException(ValueParsers.NodeNameRule(text));
    }

    private static void CheckNew(string text)
    {
        if (text != "new") throw new FormatException($"\"{text}\" is not new: dftp secret new prints a key");
    }

    private static void CheckPattern(string text)
    {
        if (text.Length == 0) throw new FormatException("an empty pattern would match everything; that is \"*\"");
    }
}
