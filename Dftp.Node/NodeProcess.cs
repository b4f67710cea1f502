using System.Runtime.InteropServices;
using Dftp.FileSystem;
using Dftp.Node.Logging;
using Microsoft.Extensions.Logging;

namespace Dftp.Node;

/// <summary>Runs a node as a process: log, signals, exit.</summary>
internal static partial class NodeProcess
{
    /// <summary>When an orderly stop has to hurry: half of the 5 s that users are promised between signal and exit.</summary>
    private static readonly TimeSpan OrderlyStopLimit = TimeSpan.FromSeconds(2.5);

    /// <summary>When the process exits even if the node is still busy. The log then has a second for its flush.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3.5);

    /// <summary>
    /// Excludes two categories. The framework's request log would create an activity and a scope for each request, logged or not; the
    /// server logs failures of requests. The host both logs and throws a start failure, which the caller reports.
    /// </summary>
    private static readonly LoggerFilterOptions LogFilter = new()
    {
        MinLevel = LogLevel.Trace,
        Rules =
        {
            new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null),
            new LoggerFilterRule(null, "Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None, null),
        },
    };

    /// <summary>Runs a node until SIGTERM or SIGINT, and stops it within 5 s. The log is flushed in any case.</summary>
    /// <param name="options">The user's options.</param>
    /// <param name="logStream">The target of the log.</param>
    /// <param name="time">The clock of the node and its log.</param>
    /// <exception cref="StartException">The node cannot start with these options.</exception>
    public static async Task RunAsync(NodeOptions options, Stream logStream, TimeProvider time)
    {
        // 1. from here on a signal stops the node in order, and unobserved exceptions are logged
        var signals = StopSignals.OfThisProcess;
        await using var lines = new LineLoggerProvider(logStream, options.LogLevel, time);
        using var logs = new LoggerFactory([lines], LogFilter);
        var log = logs.CreateLogger(LogLine.NodeCategory);
        EventHandler<UnobservedTaskExceptionEventArgs> logUnobserved = (_, failure) => LogUnobserved(log, failure.Exception);
        TaskScheduler.UnobservedTaskException += logUnobserved;
        var node = new NodeHost(options, logs, time);
        // Without an access log a hangup ends the process, as by default.
        using var hangup = options.AccessLog is null or "-" ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            node.ReopenAccessLog();
        });
        try
        {
            // 2. start, and run until the signal
            await node.StartAsync(signals.Stop);
            LogStarted(log, options.Name);
            LogStopping(log, await signals.First);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            LogStopping(log, await signals.First);
        }
        catch (Exception failure)
        {
            // The caller reports it to the user in a line. The stack trace is for developers.
            LogStartFailed(log, failure);
            throw;
        }
        finally
        {
            // 3. stop, in order if there is time
            await StopAsync(node, log, time);
            TaskScheduler.UnobservedTaskException -= logUnobserved;
        }
    }

    private static async Task StopAsync(NodeHost node, ILogger log, TimeProvider time)
    {
        using var hurry = new CancellationTokenSource(OrderlyStopLimit, time);
        try
        {
            await StopAndDisposeAsync(node, hurry.Token).WaitAsync(StopLimit, time);
        }
        catch (TimeoutException)
        {
            LogStopTimedOut(log);
        }
        catch (OperationCanceledException) when (hurry.IsCancellationRequested)
        {
            LogStopTimedOut(log);
        }
        catch (Exception failure)
        {
            LogStopFailed(log, failure);
        }
    }

    private static async Task StopAndDisposeAsync(NodeHost node, CancellationToken hurry)
    {
        try
        {
            await node.StopAsync(hurry);
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "node {Name} started")]
    private static partial void LogStarted(ILogger log, NodeName name);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Signal} received, stopping")]
    private static partial void LogStopping(ILogger log, PosixSignal signal);

    [LoggerMessage(Level = LogLevel.Debug, Message = "the node failed to start")]
    private static partial void LogStartFailed(ILogger log, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "some transfers or components did not stop in time and are aborted")]
    private static partial void LogStopTimedOut(ILogger log);

    [LoggerMessage(Level = LogLevel.Error, Message = "the node failed to stop in order")]
    private static partial void LogStopFailed(ILogger log, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "unobserved exception in a background task")]
    private static partial void LogUnobserved(ILogger log, Exception failure);
}
