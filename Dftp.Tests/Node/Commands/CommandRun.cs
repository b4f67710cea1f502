using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.Node.CommandLine;
using Dftp.Node.Commands;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

/// <summary>Parses a command line and runs its command in this process.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>Long enough for a loaded machine; tests without an answer use a short one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CommandRun> OfAsync(TestNode node, params string[] arguments) =>
        OfAsync(node.Management.Authority, Patience, arguments);

    public static Task<CommandRun> OfAsync(string node, TimeSpan limit, params string[] arguments) =>
        OfAsync(node, limit, TimeProvider.System, arguments);

    /// <param name="node">The node to talk to.</param>
    /// <param name="limit">The timeout for an answer.</param>
    /// <param name="signing">The clock of the signatures.</param>
    /// <param name="arguments">The command line.</param>
    public static async Task<CommandRun> OfAsync(string node, TimeSpan limit, TimeProvider signing, params string[] arguments)
    {
        var surroundings = new Surroundings(name => name == "DFTP_NODE" ? node : null, () => "host1");
        var run = (CommandLineRequest.RunCommand)CommandLineParser.Parse(arguments, surroundings);
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var secret = run.Request.SecretFile is { } file ? ClusterSecret.Open(file) : null;
        using var signed = secret is null ? null : PeerHttp.CreateClient(limit, new SigningHandler(secret, run.Request.ClusterName, signing));
        var client = new NodeClient(signed ?? TestCluster.Http, limit, TimeProvider.System, run.Request.NodesUseTls);
        var context = new CommandContext(run.Request, client, output, error, TimeProvider.System);
        var exitCode = await run.Command.RunAsync(context, CancellationToken.None);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    public static async Task<string> FailureAsync(TestNode node, params string[] arguments) =>
        (await Assert.ThrowsExactlyAsync<CommandException>(() => OfAsync(node, arguments))).Message;

    public static async Task<string> FailureAsync(string node, params string[] arguments) =>
        (await Assert.ThrowsExactlyAsync<CommandException>(() => OfAsync(node, Patience, arguments))).Message;
}
