using System.Net;

namespace Dftp.Node.Commands;

/// <summary><c>dftp forget</c>: a node that is away for good is no longer missed.</summary>
internal static class ForgetCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var name = context.Request.Operand;
        var answer = await new RunningNode(context).PostAsync("/forget/", "name", name, cancellationToken);
        if (answer.Status != HttpStatusCode.OK) throw new CommandException(answer.Sentence);
        await context.Output.WriteAsync(OneLine.Escape($"{name} is forgotten") + "\n");
        return ExitCode.Done;
    }
}
