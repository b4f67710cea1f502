using Dftp.Cluster;
using Dftp.FileSystem;
using Dftp.Node.Commands;
using Dftp.Node.Commands.Doctor;

namespace Dftp.Node.CommandLine;

/// <summary>The commands that talk to a running node, in the order of the help.</summary>
internal static class CommandTable
{
    public static readonly OptionDefinition<HostPort> Node = new("node", ValueParsers.NodeAddress)
    {
        Placeholder = "HOST:PORT",
        Summary = "The node to talk to, by its management address.",
        Example = "nas.home:7041",
        Default = CommandRequest.DefaultNode,
    };

    public static readonly OptionDefinition<bool> Json = new("json", ValueParsers.Switch)
    {
        Placeholder = "",
        Summary = "Print the node's own answer, as JSON.",
        Example = "true",
        IsSwitch = true,
    };

    public static IReadOnlyList<CommandDefinition> All { get; } =
    [
        new("status", StatusCommand.RunAsync)
        {
            Summary = "how a node and its cluster are",
            Help = "dftp status shows how a node is: its tree, who is there and who is away, its last scan, discovery.",
            Examples = """
                dftp status                                 the node of this machine
                dftp status --node nas.home:7041 --json     another one, for a program
                """,
            Options = [Node, Json],
        },
        new("nodes", NodesCommand.RunAsync)
        {
            Summary = "the nodes of the cluster, and those that are away",
            Help = """
                dftp nodes shows the nodes that a node knows, a line each: those that are there, and those that are away and since
                when. LAG counts changes of a node that are not known here yet.
                """,
            Examples = """
                dftp nodes                                  as the node of this machine sees them
                """,
            Options = [Node, Json],
        },
        new("join", JoinCommand.RunAsync)
        {
            Summary = "make a node join the cluster of another",
            Help = """
                dftp join tells a node to join the cluster of another one, for where they do not find each other by multicast.
                HOST:PORT is the other's management address as the node that joins can reach it.
                """,
            Examples = """
                dftp join nas.home:7041                     the node of this machine joins that of nas.home
                """,
            Operand = new("HOST:PORT", "nas.home:7041", text => ValueParsers.NodeAddress(text)),
            Options = [Node, Json],
        },
        new("forget", ForgetCommand.RunAsync)
        {
            Summary = "no longer miss a node that is away for good",
            Help = """
                dftp forget takes a node that is away off the list of known nodes, so that listings no longer tell of it as missing.
                Each node has its own list. A forgotten node that comes back is a member again.
                """,
            Examples = """
                dftp forget old-nas                         the node of this machine forgets old-nas
                """,
            Operand = new("NAME", "old-nas", CheckNodeName),
            Options = [Node],
        },
        new("find", FindCommand.RunAsync)
        {
            Summary = "the paths of files by their name",
            Help = """
                dftp find prints the paths of the cluster's files whose name matches, a line each, in any case of letters. In a
                pattern * stands for any characters and ? for one; a pattern without either matches names that contain it.
                A pattern with a slash is matched against the path, and there * stands for slashes too.
                The exit code is 1 when nothing is found.
                """,
            Examples = """
                dftp find invoice                           every file with "invoice" in its name
                dftp find '*.jpg'                           pictures
                dftp find '/photos/2024/*.jpg'              pictures under /photos/2024
                """,
            Operand = new("PATTERN", "'*.jpg'", CheckPattern),
            Options = [Node],
        },
        new("doctor", DoctorCommand.RunAsync)
        {
            Summary = "why two nodes do not see each other",
            Help = """
                dftp doctor looks for what keeps nodes from seeing each other: at a node, at the network interfaces of this machine,
                at every node that it knows or misses, and at the one that is named. Each line begins with "ok" or "problem".
                The exit code is 1 when there is a problem.
                """,
            Examples = """
                dftp doctor                                 the node of this machine and those that it knows
                dftp doctor nas.home:7041                   and why that of nas.home is not among them
                """,
            Operand = new("HOST:PORT", "nas.home:7041", text => ValueParsers.NodeAddress(text)) { IsOptional = true },
            Options = [Node],
        },
    ];

    /// <summary>All options of commands, each once.</summary>
    public static IReadOnlyList<OptionDefinition> Options { get; } = [.. All.SelectMany(command => command.Options).Distinct()];

    private static void CheckNodeName(string text)
    {
        if (!NodeName.TryParse(text, out _)) throw new FormatException(ValueParsers.NodeNameRule(text));
    }

    private static void CheckPattern(string text)
    {
        if (text.Length == 0) throw new FormatException("an empty pattern would match everything; that is \"*\"");
    }
}
