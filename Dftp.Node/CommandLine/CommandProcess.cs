using System.Text;
using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>A command as a process: standard output, and HTTP without proxies, cookies and redirects.</summary>
internal static class CommandProcess
{
    /// <summary>The timeout for an answer of a node.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">It cannot be done.</exception>
    public static async Task<int> RunAsync(CommandDefinition command, CommandRequest request, TimeProvider time)
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var context = new CommandContext(request, new NodeClient(http, Limit, time), output, Console.Error, time);
        return await command.RunAsync(context, CancellationToken.None);
    }
}
