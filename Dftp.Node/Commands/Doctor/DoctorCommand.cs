using Dftp.Cluster;

namespace Dftp.Node.Commands.Doctor;

/// <summary><c>dftp doctor</c>: finds out why two nodes do not see each other; one line per check.</summary>
internal static class DoctorCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        // 1. the node that is asked: its state, its scan, its discovery
        var findings = new Findings();
        var own = await OwnNodeCheck.RunAsync(context, findings, cancellationToken);

        // 2. this machine
        InterfaceCheck.Run(LocalInterface.All(), findings);
        await findings.WriteAsync(context.Output);

        // 3. the others, concurrently: each one that does not answer takes a full timeout
        var check = new PeerCheck(context.Client, context.Time, own);
        var suspects = Suspects(context.Request.Operand, own);
        var others = await Task.WhenAll(suspects.Select(suspect => check.RunAsync(suspect, cancellationToken)));
        foreach (var other in others) await other.WriteAsync(context.Output);
        return others.Append(findings).Any(found => found.HasProblem) ? ExitCode.NotDone : ExitCode.Done;
    }

    /// <summary>The nodes to check: those that the node knows, those that it misses, and the one that the user names.</summary>
    private static List<Suspect> Suspects(string named, OwnNode own)
    {
        var known = own.Status?.Peers.Select(node => Suspect.Of(node.Name, node.ManagementAddress)) ?? [];
        var missing = own.Status?.Missing.Where(node => node.Path is null)
            .Select(node => Suspect.Of(node.Name, node.LastAddress, node.Since)) ?? [];
        var suspects = known.Concat(missing).ToList();
        if (HostPort.TryParse(named, out var address) && !suspects.Exists(suspect => suspect.Address == address))
            suspects.Add(new Suspect(null, address, null));
        return suspects;
    }
}
