using System.Net;
using Dftp.Node.CommandLine;
using Dftp.Node.Commands;
using Dftp.Node.Metrics;

namespace Dftp.Node;

internal static class Program
{
    private const int CannotStart = 1;
    private const int BadUsage = 2;

    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            var surroundings = new Surroundings(Environment.GetEnvironmentVariable, Dns.GetHostName);
            return await AnswerAsync(CommandLineParser.Parse(arguments, surroundings));
        }
        catch (UsageException problem)
        {
            return await FailAsync(problem.Message, BadUsage);
        }
        catch (StartException problem)
        {
            return await FailAsync(problem.Message, CannotStart);
        }
        catch (CommandException problem)
        {
            return await FailAsync(problem.Message, ExitCode.NotDone);
        }
        catch (Exception failure)
        {
            return await FailAsync($"unexpected failure: {failure.GetType().Name}: {failure.Message}", CannotStart);
        }
    }

    private static async Task<int> AnswerAsync(CommandLineRequest request)
    {
        switch (request)
        {
            case CommandLineRequest.RunNode run:
                var options = run.Options with { OpenTelemetry = OpenTelemetrySettings.Of(Environment.GetEnvironmentVariables()) };
                await NodeProcess.RunAsync(options, Console.OpenStandardError(), TimeProvider.System);
                return ExitCode.Done;
            case CommandLineRequest.RunCommand run:
                return await CommandProcess.RunAsync(run.Command, run.Request, TimeProvider.System);
            case CommandLineRequest.Show show:
                await Console.Out.WriteAsync(show.Text);
                return ExitCode.Done;
            default:
                throw new InvalidOperationException($"no answer to {request.GetType().Name}");
        }
    }

    private static async Task<int> FailAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync($"dftp: {OneLine.Escape(message)}");
        return exitCode;
    }
}
