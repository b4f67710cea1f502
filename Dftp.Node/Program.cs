using System.Net;
using Dftp.Node.CommandLine;

namespace Dftp.Node;

internal static class Program
{
    private const int Done = 0;
    private const int CannotStart = 1;
    private const int BadUsage = 2;

    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            await AnswerAsync(CommandLineParser.Parse(arguments, new Surroundings(Environment.GetEnvironmentVariable, Dns.GetHostName)));
            return Done;
        }
        catch (UsageException problem)
        {
            return await FailAsync(problem.Message, BadUsage);
        }
        catch (StartException problem)
        {
            return await FailAsync(problem.Message, CannotStart);
        }
        catch (Exception failure)
        {
            return await FailAsync($"unexpected failure: {failure.GetType().Name}: {failure.Message}", CannotStart);
        }
    }

    private static Task AnswerAsync(CommandLineRequest request) => request switch
    {
        CommandLineRequest.RunNode run => NodeProcess.RunAsync(run.Options, Console.OpenStandardError(), TimeProvider.System),
        CommandLineRequest.Show show => Console.Out.WriteAsync(show.Text),
        _ => throw new InvalidOperationException($"no answer to {request.GetType().Name}"),
    };

    private static async Task<int> FailAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync($"dftp: {OneLine.Escape(message)}");
        return exitCode;
    }
}
