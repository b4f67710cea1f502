using System.Buffers;
using System.IO.Pipelines;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Persistence;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Peers;

namespace Dftp.Tests.Cluster.Convergence;

/// <summary>
/// One start of a node: the product's own parts, composed as in a node, except for the loops and HTTP, which the simulation replaces.
/// </summary>
internal sealed class SimulatedProcess : IDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly Func<HostPort, SimulatedProcess?> _processAt;
    private readonly NodeParts _parts;
    private readonly SortedDictionary<NodeName, SimulatedLink> _links = [];

    /// <param name="name">The node.</param>
    /// <param name="address">Its listening address.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="network">Receives its messages.</param>
    /// <param name="processAt">The process that runs at an address now.</param>
    /// <param name="mark">The mark of its stamps that an earlier start saved.</param>
    /// <param name="reserve">Saves a mark.</param>
    public SimulatedProcess(
        NodeName name, HostPort address, TimeProvider time, SimulatedNetwork network, Func<HostPort, SimulatedProcess?> processAt, Stamp mark,
        Action<Stamp> reserve)
    {
        _network = network;
        _processAt = processAt;
        _parts = new NodeParts(new ClusterOptions { NodeName = name, SmallestRepair = 0 }, address, time, mark: mark, reserve: reserve);
        Name = name;
        Peers.Added += peer => _links[peer.Name] = new SimulatedLink(peer, this, _parts.Context);
    }

    public NodeName Name { get; }

    public TimeProvider Time => _parts.Time;

    public TreeWriter Tree => _parts.Tree;

    public LocalEntries Own => _parts.Own;

    public PeerTable Peers => _parts.Peers;

    public bool IsRunning { get; private set; } = true;

    /// <summary>The number of updates of other nodes, applied here, that replaced ranges of entries.</summary>
    public int Repaired { get; private set; }

    public void Introduce(NodeName name, HostPort address) => _parts.JoinHandshake.Announced(name, address);

    /// <summary>What the node saves for its next start.</summary>
    public byte[] Save()
    {
        using var file = new MemoryStream();
        SavedTreeWriter.Write(file, Origin, new SavedTree(Tree.Current, Time.GetUtcNow()), CancellationToken.None);
        return file.ToArray();
    }

    /// <summary>Loads what an earlier start saved.</summary>
    public void Restore(byte[] saved)
    {
        using var file = new MemoryStream(saved);
        Tree.Begin(SavedTreeReader.Read(file, Origin, _ => true).Tree);
        Own.Restored();
    }

    private TreeOrigin Origin => new(Name, "dftp", "/disk", VirtualPath.Root);

    public void Remember(NodeName name, HostPort address) => Peers.Remember(new KnownNode(name, address, address, 1));

    public void Ping(NodeName other)
    {
        if (_links.TryGetValue(other, out var link)) link.Ping();
    }

    /// <summary>Does everything that is due now.</summary>
    public async Task GoOnAsync()
    {
        foreach (var link in _links.Values.ToList()) await link.GoOnAsync();
    }

    /// <summary>Stops, by a kill or in good order.</summary>
    public void Stop(bool saysGoodbye)
    {
        IsRunning = false;
        if (!saysGoodbye) return;
        foreach (var facts in Peers.All.Select(peer => peer.Facts).Where(facts => facts is { IsPresent: true, ManagementAddress: not null }))
        {
            var goodbye = new Greeting(_parts.Context.Me(), "dftp", RequestsFullUpdate: false, IsLeaving: true);
            Send($"goodbye from {Name} to {facts.Name}", facts.ManagementAddress!, process => Task.FromResult(process.Greeted(goodbye)), null);
        }
    }

    public void Dispose() => _parts.Dispose();

    /// <summary>Sends a ping and reports its answer, or the lack of one.</summary>
    public void Greet(HostPort to, NodeName name, bool requestFullUpdate, Action<PeerReply> answered)
    {
        var greeting = new Greeting(_parts.Context.Me(), "dftp", requestFullUpdate, IsLeaving: false, Peers.DigestOf(name));
        Send($"greeting{(requestFullUpdate ? " and request" : "")} from {Name} to {name}", to, process => Task.FromResult(process.Greeted(greeting)), answered);
    }

    /// <summary>Sends an update and reports its outcome.</summary>
    public async Task PushAsync(OutgoingUpdate update, NodeName name, Action<PeerReply> answered)
    {
        using var message = new MemoryStream();
        var writer = PipeWriter.Create(message, new StreamPipeWriterOptions(leaveOpen: true));
        await update.WriteAsync(writer, CancellationToken.None);
        await writer.CompleteAsync();
        var bytes = message.ToArray();
        var position = update.Header.Position!.Value;
        var based = update.Header.Repair is not null ? ", a repair" : update.Header.SinceDigest is null ? "" : " of a known state";
        var what = update.Header.IsFull ? $"full update {position.Sequence}" : $"update {position.Since}→{position.Sequence}{based}";
        Send($"{what} from {Name} to {name}", update.To, process => process.ReceiveAsync(bytes, Name, update.Header.Repair is not null), answered);
    }

    /// <summary>Asks what another node knows of this one, and reports the answer.</summary>
    public void Ask(HostPort to, NodeName name, RangeQuestion question, Action<PeerReply> answered)
    {
        var json = new ArrayBufferWriter<byte>();
        question.Write(json);
        Send($"question {question.Ranges.Bits}+{question.Split} from {Name} to {name}", to, process => process.AskedAsync(json.WrittenMemory), answered);
    }

    /// <summary>Answers a question as the management interface does.</summary>
    private async Task<PeerReply> AskedAsync(ReadOnlyMemory<byte> question)
    {
        var (answer, reason, _) = await _parts.RangeAnswers.AnswerAsync(RangeQuestion.Parse(question), CancellationToken.None);
        if (answer is null) return new PeerReply(PeerOutcome.Refused, null, reason);
        var body = new ArrayBufferWriter<byte>();
        answer.Write(body);
        return new PeerReply(PeerOutcome.Done, null, "", RangeAnswer.Parse(body.WrittenMemory));
    }

    /// <summary>Answers a ping as the management interface does.</summary>
    private PeerReply Greeted(Greeting greeting)
    {
        if (_parts.JoinHandshake.Greeted(greeting) is { } refusal) return new PeerReply(PeerOutcome.Refused, null, refusal.Sentence);
        var body = new ArrayBufferWriter<byte>();
        var peers = Peers.All.Select(peer => peer.Facts)
            .Where(facts => facts is { IsPresent: true, PublicAddress: not null, ManagementAddress: not null })
            .OrderBy(facts => facts.Name)
            .Select(facts => new ListedNode(new NodeDescription(facts.Name, facts.PublicAddress!, facts.ManagementAddress!, facts.Replication.Announced), facts));
        ClusterAnswerWriter.Write(body, "dftp", new ListedNode(_parts.Context.Me(), new PeerFacts { Name = Name }), peers, Peers.DigestOf(greeting.Caller.Name));
        return new PeerReply(PeerOutcome.Done, ClusterAnswer.Parse(body.WrittenMemory, _parts.Context.ManagementAddress.Host), "");
    }

    /// <summary>Answers an update as the management interface does.</summary>
    private async Task<PeerReply> ReceiveAsync(byte[] message, NodeName sender, bool isRepair)
    {
        var (outcome, reason) = await _parts.Receiver.ReceiveAsync(PipeReader.Create(new ReadOnlySequence<byte>(message)), Peers.Find(sender), () => Task.CompletedTask, CancellationToken.None);
        if (isRepair && outcome == UpdateOutcome.Applied) Repaired++;
        return new PeerReply(
            outcome switch
            {
                UpdateOutcome.Applied => PeerOutcome.Done,
                UpdateOutcome.NeedsFullUpdate => PeerOutcome.NeedsFullUpdate,
                _ => PeerOutcome.Refused,
            },
            null,
            reason);
    }

    private void Send(string what, HostPort to, Func<SimulatedProcess, Task<PeerReply>> take, Action<PeerReply>? answered)
    {
        var nothing = new PeerReply(PeerOutcome.Unreachable, null, "it does not answer");
        _network.Send(new SimulatedMessage(what, ArriveAsync, answered is null ? null : () => answered(nothing)));

        async Task ArriveAsync(bool isAwaited)
        {
            if (_processAt(to) is not { } process)
            {
                if (isAwaited) answered?.Invoke(nothing);
                return;
            }

            var reply = await take(process);
            if (!isAwaited || answered is null) return;
            _network.Send(new SimulatedMessage(
                $"answer ({reply.Outcome}) to {what}",
                _ =>
                {
                    answered(reply);
                    return Task.CompletedTask;
                },
                () => answered(nothing)));
        }
    }
}
