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

    public static async Task<CommandRun> OfAsync(string node, TimeSpan limit, params string[] arguments)
    {
        var surroundings = new Surroundings(name => name == "DFTP_NODE" ? node : null, () => "host1");
        var run = (CommandLineRequest.RunCommand)CommandLineParser.Parse(arguments, surroundings);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var client = new NodeClient(TestCluster.Http, limit, TimeProvider.System);
        var context = new CommandContext(run.Request, client, output, error, TimeProvider.System);
        var exitCode = await run.Command.RunAsync(context, CancellationToken.None);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    public static async Task<string> FailureAsync(TestNode node, params string[] arguments) =>
        (await Assert.ThrowsExactlyAsync<CommandException>(() => OfAsync(node, arguments))).Message;

    public static async Task<string> FailureAsync(string node, params string[] arguments) =>
        (await Assert.ThrowsExactlyAsync<CommandException>(() => OfAsync(node, Patience, arguments))).Message;
}
